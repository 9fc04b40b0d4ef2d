# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Scheduled tasks as files below FW_STANDIN, each with what is to run and when. The test makes them fire.

Function Get-StandInTask {
    Param([string]$TaskName)
    Join-Path (Join-Path $env:FW_STANDIN 'tasks') "$TaskName.json"
}

Function New-ScheduledTaskAction {
    Param([string]$Execute, [string]$Argument)
    [pscustomobject]@{ execute = $Execute; argument = $Argument }
}

Function New-ScheduledTaskTrigger {
    Param([switch]$Once, [DateTime]$At, [TimeSpan]$RepetitionInterval, [switch]$AtStartup)
    $time = ''
    if ($Once) { $time = $At.ToUniversalTime().ToString('s') + 'Z' }
    [pscustomobject]@{ at = $time; again = $RepetitionInterval.TotalSeconds; startup = [bool]$AtStartup }
}

Function New-ScheduledTaskPrincipal {
    Param([string]$UserId, [string]$LogonType, [string]$RunLevel)
    [pscustomobject]@{ user = $UserId; logon = $LogonType; level = $RunLevel }
}

Function New-ScheduledTaskSettingsSet {
    Param(
        [switch]$StartWhenAvailable, [switch]$AllowStartIfOnBatteries, [switch]$DontStopIfGoingOnBatteries, [int]$RestartCount, [TimeSpan]$RestartInterval
    )
    $PSBoundParameters
}

Function Register-ScheduledTask {
    [CmdletBinding()]
    Param([string]$TaskName, $Action, $Trigger, $Principal, $Settings, [switch]$Force)
    $file = Get-StandInTask -TaskName $TaskName
    if ((Test-Path -LiteralPath $file) -and -not $Force) {
        Write-Error "Cannot create a file when that file already exists: $TaskName"
        return
    }
    $task = [ordered]@{ action = $Action; triggers = @($Trigger); principal = $Principal; settings = @($Settings.Keys) }
    $null = [System.IO.Directory]::CreateDirectory((Split-Path -Parent $file))
    [System.IO.File]::WriteAllText($file, (ConvertTo-Json -Depth 5 -InputObject $task))
    $task
}

Function Get-ScheduledTask {
    [CmdletBinding()]
    Param([string]$TaskName)
    $file = Get-StandInTask -TaskName $TaskName
    if (Test-Path -LiteralPath $file) { [pscustomobject]@{ TaskName = $TaskName } }
    else { Write-Error "No MSFT_ScheduledTask objects found with property 'TaskName' equal to '$TaskName'." }
}

Function Unregister-ScheduledTask {
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    Param([string]$TaskName)
    $file = Get-StandInTask -TaskName $TaskName
    if (-not (Test-Path -LiteralPath $file)) {
        Write-Error "No MSFT_ScheduledTask objects found with property 'TaskName' equal to '$TaskName'."
    }
    elseif ($PSCmdlet.ShouldProcess($TaskName)) { [System.IO.File]::Delete($file) }
}

Export-ModuleMember -Function 'New-ScheduledTaskAction', 'New-ScheduledTaskTrigger', 'New-ScheduledTaskPrincipal', 'New-ScheduledTaskSettingsSet'
Export-ModuleMember -Function 'Register-ScheduledTask', 'Get-ScheduledTask', 'Unregister-ScheduledTask'
