# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#AnsibleRequires -PowerShell ansible_collections.vidnet.portmatrix.plugins.module_utils.FwCom
#AnsibleRequires -PowerShell ansible_collections.vidnet.portmatrix.plugins.module_utils.FwProgram

# Writes the local policy of the Windows firewall, as it is told. What to change is decided on the controller.

Function Add-FwRule {
    Param($Policy, $Data)
    try {
        $rule = New-FwRule
        $rule.Name = $Data.name
        $rule.Description = $Data.description
        $rule.Grouping = $Data.group
        $rule.Direction = $Data.direction
        $rule.Protocol = $Data.protocol    # before the ports, which it clears and which other protocols do not have
        if ($Data.local_ports) { $rule.LocalPorts = $Data.local_ports }
        if ($Data.remote_ports) { $rule.RemotePorts = $Data.remote_ports }
        $rule.LocalAddresses = $Data.local_addresses
        $rule.RemoteAddresses = $Data.remote_addresses
        $rule.Profiles = $Data.profiles
        $rule.Action = $Data.action
        $rule.Enabled = $Data.enabled
        $null = $Policy.Rules.Add($rule)
    }
    catch {
        throw "rule '$($Data.name)': $($_.Exception.GetBaseException().Message)"
    }
}

Function Remove-FwRule {
    # Takes one of the rules of this name.
    Param($Policy, [string]$Name)
    try {
        $null = $Policy.Rules.Remove($Name)
    }
    catch {
        throw "rule '$Name' cannot be removed: $($_.Exception.GetBaseException().Message)"
    }
}

Function Set-FwEnabled {
    # Switches every rule that is as a selector says, since names are not unique; their number comes back for each selector.
    Param($Policy, [object[]]$Selectors, [bool]$Enabled)
    $counts = New-Object 'System.Collections.Generic.Dictionary[string,int]'
    $keys = @(foreach ($each in $Selectors) {
            ($each.name, $each.program, $each.service, $each.protocol, $each.local_ports, $each.direction) -join [char]1
        })
    if (-not $keys.Length) { return }
    foreach ($key in $keys) { $counts[$key] = 0 }
    $meant = @(foreach ($rule in $Policy.Rules) {
            $key = ($rule.Name, $rule.ApplicationName, $rule.ServiceName, $rule.Protocol, $rule.LocalPorts, $rule.Direction) -join [char]1
            if ($counts.ContainsKey($key)) {
                $counts[$key] = $counts[$key] + 1
                $rule
            }
        })
    foreach ($rule in $meant) { $rule.Enabled = $Enabled }
    foreach ($key in $keys) { $counts[$key] }
}

Function Set-FwProfile {
    # Sets what is given of a profile, and leaves the rest of it.
    Param($Data)
    $words = @('advfirewall', 'set', "$($Data.name)profile")
    if ($null -ne $Data.enabled) { Invoke-FwProgram -Name netsh.exe -Arguments ($words + 'state' + @('off', 'on')[[int]$Data.enabled]) }
    if ($Data.default_inbound) {
        $inbound = @{ block = 'blockinbound'; allow = 'allowinbound'; block_all = 'blockinboundalways' }[$Data.default_inbound]
        Invoke-FwProgram -Name netsh.exe -Arguments ($words + 'firewallpolicy' + "$inbound,$($Data.default_outbound)outbound")
    }
    foreach ($entry in @(@('allowedconnections', $Data.log_allowed), @('droppedconnections', $Data.log_dropped))) {
        if ($null -ne $entry[1]) {
            Invoke-FwProgram -Name netsh.exe -Arguments ($words + 'logging' + $entry[0] + @('disable', 'enable')[[int]$entry[1]])
        }
    }
}

Function Invoke-FwBatch {
    # Makes all changes: new rules come before others are switched off or go. Returns how many rules were switched.
    Param($Batch)
    $policy = New-FwPolicy
    foreach ($name in $Batch.remove_before) { Remove-FwRule -Policy $policy -Name $name }
    foreach ($data in $Batch.add) { Add-FwRule -Policy $policy -Data $data }
    $disabled = @(Set-FwEnabled -Policy $policy -Selectors $Batch.disable -Enabled $false)
    foreach ($data in $Batch.profiles) { Set-FwProfile -Data $data }
    $enabled = @(Set-FwEnabled -Policy $policy -Selectors $Batch.enable -Enabled $true)
    foreach ($name in $Batch.remove_after) { Remove-FwRule -Policy $policy -Name $name }
    @{ enabled = $enabled; disabled = $disabled }
}

Export-ModuleMember -Function 'Invoke-FwBatch'
