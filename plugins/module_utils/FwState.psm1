# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#AnsibleRequires -PowerShell ansible_collections.vidnet.portmatrix.plugins.module_utils.FwCom
#AnsibleRequires -PowerShell ansible_collections.vidnet.portmatrix.plugins.module_utils.FwRegistry

# What the Windows firewall is now, in one pass. Names and numbers are Windows' own; nothing is judged here.

# name, bit and key of each profile: the registry still has the private one under its former name
$script:Profiles = @(@('domain', 1, 'DomainProfile'), @('private', 2, 'StandardProfile'), @('public', 4, 'PublicProfile'))

Function Get-FwProfile {
    # The three profiles. Without the service nothing is filtered, and asking it is an error.
    Param($Policy)
    $profiles = [ordered]@{}
    foreach ($entry in $script:Profiles) {
        $found = [ordered]@{ enabled = $false; default_inbound = 1; default_outbound = 1; block_all_inbound = $false }
        if ($Policy) {
            $found.enabled = [bool]$Policy.FirewallEnabled($entry[1])
            $found.default_inbound = [int]$Policy.DefaultInboundAction($entry[1])
            $found.default_outbound = [int]$Policy.DefaultOutboundAction($entry[1])
            $found.block_all_inbound = [bool]$Policy.BlockAllInboundTraffic($entry[1])
        }
        $logging = Get-FwLogging -Key $entry[2]
        foreach ($name in $logging.Keys) { $found[$name] = $logging[$name] }
        $profiles[$entry[0]] = $found
    }
    $profiles
}

Function Get-FwRuleData {
    # One rule in full. What an older Windows does not have is empty or 0.
    Param($Rule)
    [ordered]@{
        name = [string]$Rule.Name
        description = [string]$Rule.Description
        group = [string]$Rule.Grouping
        program = [string]$Rule.ApplicationName
        service = [string]$Rule.ServiceName
        protocol = [int]$Rule.Protocol
        local_ports = [string]$Rule.LocalPorts
        remote_ports = [string]$Rule.RemotePorts
        local_addresses = [string]$Rule.LocalAddresses
        remote_addresses = [string]$Rule.RemoteAddresses
        icmp = [string]$Rule.IcmpTypesAndCodes
        direction = [int]$Rule.Direction
        interfaces = @(foreach ($name in $Rule.Interfaces) { [string]$name })
        interface_types = [string]$Rule.InterfaceTypes
        enabled = [bool]$Rule.Enabled
        profiles = [int]$Rule.Profiles
        action = [int]$Rule.Action
        edge = [bool]$Rule.EdgeTraversal
        edge_options = [int]$Rule.EdgeTraversalOptions
        package = [string]$Rule.LocalAppPackageId
        owner = [string]$Rule.LocalUserOwner
        local_users = [string]$Rule.LocalUserAuthorizedList
        remote_users = [string]$Rule.RemoteUserAuthorizedList
        remote_computers = [string]$Rule.RemoteMachineAuthorizedList
        secure = [int]$Rule.SecureFlags
    }
}

Function Get-FwProduct {
    # The other firewalls that took over categories of rules.
    foreach ($product in (New-FwProductList)) {
        [ordered]@{
            name = [string]$product.DisplayName
            categories = @(foreach ($category in $product.RuleCategories) { [int]$category })
        }
    }
}

Function Get-FwConnection {
    # Established TCP connections to this host's own ports.
    Param([int[]]$Ports)
    $network = [System.Net.NetworkInformation.IPGlobalProperties]::GetIPGlobalProperties()
    foreach ($connection in $network.GetActiveTcpConnections()) {
        if ($connection.State -eq 'Established' -and $Ports -contains $connection.LocalEndPoint.Port) {
            [ordered]@{
                local_address = $connection.LocalEndPoint.Address.ToString() -replace '%.*$'
                local_port = $connection.LocalEndPoint.Port
                remote_address = $connection.RemoteEndPoint.Address.ToString() -replace '%.*$'
            }
        }
    }
}

Function Get-FwAddress {
    # This host's own addresses.
    foreach ($interface in [System.Net.NetworkInformation.NetworkInterface]::GetAllNetworkInterfaces()) {
        foreach ($entry in $interface.GetIPProperties().UnicastAddresses) { $entry.Address.ToString() -replace '%.*$' }
    }
}

Function Get-FwState {
    # All of it, but for what the state directory holds. Without the service there are no rules to read.
    Param([int]$ManagementPort)
    $service = [string](Get-Service -Name MpsSvc -ErrorAction SilentlyContinue).Status
    $policy = $null
    $products = @()
    $unread = @()
    if ($service -eq 'Running') {
        $policy = New-FwPolicy
        try {
            $products = @(Get-FwProduct)
        }
        catch {
            $unread = @("which other firewalls there are could not be read: $($_.Exception.GetBaseException().Message)")
        }
    }
    [ordered]@{
        rules = @(if ($policy) { foreach ($rule in $policy.Rules) { Get-FwRuleData -Rule $rule } })
        profiles = Get-FwProfile -Policy $policy
        current_profiles = [int]$policy.CurrentProfileTypes
        modify_state = [int]$policy.LocalPolicyModifyState
        group_policy = Get-FwGroupPolicy
        service = $service
        products = $products
        connections = @(Get-FwConnection -Ports 22, 5985, 5986, $ManagementPort)
        ssh_connection = [string]$env:SSH_CONNECTION
        addresses = @(Get-FwAddress)
        version = [System.Environment]::OSVersion.Version.ToString(3)
        powershell = $PSVersionTable.PSVersion.ToString()
        unread = $unread
    }
}

Export-ModuleMember -Function 'Get-FwState'
